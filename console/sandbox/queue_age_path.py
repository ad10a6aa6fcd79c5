"""Where does the SQS endpoint tell the ages of its queues' oldest messages?"""

AGES_PATH = "/_sandbox/ages"
"""Not AWS: a path that no SDK asks for. Answers {region: {queue: seconds}}."""

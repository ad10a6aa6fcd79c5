"""What is wrong with the release of each scenario?"""

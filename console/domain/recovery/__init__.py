"""What is true after a rollout that stopped half-way, and which move is safe?"""

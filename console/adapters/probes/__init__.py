"""What can be asked whether a region is good?"""

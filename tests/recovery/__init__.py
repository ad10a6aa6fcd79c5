"""What a region that stopped half-way is told, and whether that is right."""

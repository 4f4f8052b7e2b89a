"""The pages people come in by. They have no business in their address."""

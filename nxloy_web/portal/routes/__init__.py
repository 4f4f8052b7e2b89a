"""The customer's side of a business, made for a phone."""

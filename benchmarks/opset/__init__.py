"""Every op at 10³, 10⁵ and 10⁷ elements: a file for each family, a line for each op."""

"""The course: what its notebooks call, and what makes and grades them."""

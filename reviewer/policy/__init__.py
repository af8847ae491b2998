"""The house rules: grounds, the strike ladder, and the signs for and against an infringement."""

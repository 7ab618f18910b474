"""Cases of a pack: documents with the decision and the bodies that each must lead to."""

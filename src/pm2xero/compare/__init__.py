"""What is otherwise in another version of a pack: rule by rule, and on real documents."""

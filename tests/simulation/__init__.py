"""A firm's month is pushed while everything goes wrong; afterwards every document is there once."""

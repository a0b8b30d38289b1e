"""Stands in for AWS's awsgluedq, for the two kinds of rules that the parity test uses."""

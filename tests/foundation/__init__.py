"""Tests of what holds for the project as a whole: packaging, contracts, command line, documentation."""

"""All tests of Headchef."""

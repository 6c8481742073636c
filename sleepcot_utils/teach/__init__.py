"""Who answers the tasks: the prompts, the teachers, and the check of what they wrote."""

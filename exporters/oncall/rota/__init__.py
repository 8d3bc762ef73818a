"""Who is on duty when: rotations, substitutes and the people's contacts."""

"""What the program itself knows of its deployments: the right cluster, what holds data, what was declared."""

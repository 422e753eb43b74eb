"""A local Kubernetes cluster for the stack `local`: kind where Docker is there, else a simulated one."""

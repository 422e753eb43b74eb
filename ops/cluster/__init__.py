"""A local Kubernetes cluster to run the stack `local` on: kind where Docker is there, else a simulated one."""

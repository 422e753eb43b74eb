"""The keys of environments, and the Kubernetes Secrets in which applications find them."""

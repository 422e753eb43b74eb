// Pinned source of the custom resource definitions that tests install; see tests/crds.py. Only YAML files are used, so nothing
// is imported, and `go mod tidy` would leave nothing: raise a version here, and its two lines in go.sum, by hand.
module tools/crds

go 1.26.0

require (
	github.com/cert-manager/cert-manager v1.21.2
	github.com/cloudnative-pg/cloudnative-pg v1.30.0
	github.com/cloudnative-pg/plugin-barman-cloud v0.15.0
	github.com/external-secrets/external-secrets v1.3.2
	github.com/prometheus-operator/prometheus-operator v0.85.0
	sigs.k8s.io/gateway-api v1.6.1
)

// Says which connections network policies allow, by the matcher of cyclonus, for the tests of the stack's own policies.
//
// Standard input is JSON: policies, peers (pods have a namespace, hosts have none), ports, and the namespace of which one
// end of each connection is. Standard output is a JSON list of the allowed connections, each [from, to, port, protocol].
package main

import (
	"encoding/json"
	"log"
	"os"

	"github.com/mattfenwick/cyclonus/pkg/matcher"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

type peer struct {
	Name            string            `json:"name"`
	IP              string            `json:"ip"`
	Namespace       string            `json:"namespace"`
	NamespaceLabels map[string]string `json:"namespaceLabels"`
	Labels          map[string]string `json:"labels"`
}

type port struct {
	Number   int             `json:"number"`
	Protocol corev1.Protocol `json:"protocol"`
}

type question struct {
	Namespace string                        `json:"namespace"`
	Policies  []*networkingv1.NetworkPolicy `json:"policies"`
	Peers     []peer                        `json:"peers"`
	Ports     []port                        `json:"ports"`
}

func (p peer) traffic() *matcher.TrafficPeer {
	if p.Namespace == "" {
		return &matcher.TrafficPeer{IP: p.IP}
	}
	return &matcher.TrafficPeer{IP: p.IP, Internal: &matcher.InternalPeer{
		Namespace: p.Namespace, NamespaceLabels: p.NamespaceLabels, PodLabels: p.Labels,
	}}
}

func (q question) allowed() [][]any {
	// As they are: what the matcher makes simpler first would be one more thing to trust.
	policies := matcher.BuildNetworkPolicies(false, q.Policies)
	found := [][]any{}
	for _, source := range q.Peers {
		for _, destination := range q.Peers {
			if source.Namespace != q.Namespace && destination.Namespace != q.Namespace {
				continue
			}
			for _, port := range q.Ports {
				traffic := &matcher.Traffic{
					Source: source.traffic(), Destination: destination.traffic(),
					ResolvedPort: port.Number, Protocol: port.Protocol,
				}
				if policies.IsTrafficAllowed(traffic).IsAllowed() {
					found = append(found, []any{source.Name, destination.Name, port.Number, port.Protocol})
				}
			}
		}
	}
	return found
}

func main() {
	asked := question{}
	decoder := json.NewDecoder(os.Stdin)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&asked); err != nil {
		log.Fatal(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(asked.allowed()); err != nil {
		log.Fatal(err)
	}
}

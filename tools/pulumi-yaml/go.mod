// What reads a stack's file for Pulumi: the module that its CLI is built with; see tests/components/text.
module tools/pulumi-yaml

go 1.24.0

require gopkg.in/yaml.v3 v3.0.1

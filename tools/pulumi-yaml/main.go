// Says what Pulumi makes of the values in a stack's file, for the tests of ff's own reader.
//
// Standard input is a JSON list of YAML texts, each the value of one setting; standard output a JSON list with what a
// program gets for each: {"text": …} as Pulumi hands it over, or {"error": …} where Pulumi refuses the file.
//
// The steps are those of pulumi's sdk/go/common/workspace/loaders.go (LoadProjectStackBytes) and
// sdk/go/common/resource/config/object.go (UnmarshalYAML, MarshalString): read, refuse keys that are no text, write,
// read again, then turn into JSON what is not text.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

type answer struct {
	Text  *string `json:"text,omitempty"`
	Error string  `json:"error,omitempty"`
}

// setting is one value of a stack's configuration.
type setting struct{ text string }

func (s *setting) UnmarshalYAML(unmarshal func(any) error) error {
	var value any
	if err := unmarshal(&value); err != nil {
		return err
	}
	plain, err := textual(value)
	if err != nil {
		return err
	}
	if text, ok := plain.(string); ok {
		s.text = text
		return nil
	}
	encoded, err := json.Marshal(plain)
	s.text = string(encoded)
	return err
}

// textual turns times into text, wherever they are; a key that is no text is an error.
func textual(value any) (any, error) {
	switch value := value.(type) {
	case time.Time:
		return value.String(), nil
	case []any:
		for index, item := range value {
			plain, err := textual(item)
			if err != nil {
				return nil, err
			}
			value[index] = plain
		}
	case map[string]any:
		for key, item := range value {
			plain, err := textual(item)
			if err != nil {
				return nil, err
			}
			value[key] = plain
		}
	}
	return value, nil
}

// simplified refuses keys that are no text.
func simplified(value any) (any, error) {
	switch value := value.(type) {
	case map[any]any:
		found := map[string]any{}
		for key, item := range value {
			text, ok := key.(string)
			if !ok {
				return nil, fmt.Errorf("expected only string keys, got '%v'", key)
			}
			plain, err := simplified(item)
			if err != nil {
				return nil, err
			}
			found[text] = plain
		}
		return found, nil
	case []any:
		for index, item := range value {
			plain, err := simplified(item)
			if err != nil {
				return nil, err
			}
			value[index] = plain
		}
	case map[string]any:
		for key, item := range value {
			plain, err := simplified(item)
			if err != nil {
				return nil, err
			}
			value[key] = plain
		}
	}
	return value, nil
}

func read(text string) (string, error) {
	var raw any
	// Below a key, as in a file: a value that goes on in further lines is indented.
	file := "config:\n  project:key: " + strings.ReplaceAll(text, "\n", "\n    ") + "\n"
	if err := yaml.Unmarshal([]byte(file), &raw); err != nil {
		return "", err
	}
	plain, err := simplified(raw)
	if err != nil {
		return "", err
	}
	var written bytes.Buffer
	encoder := yaml.NewEncoder(&written)
	encoder.SetIndent(2)
	if err := encoder.Encode(plain); err != nil {
		return "", err
	}
	var stack struct {
		Config map[string]setting `yaml:"config"`
	}
	if err := yaml.Unmarshal(written.Bytes(), &stack); err != nil {
		return "", err
	}
	return stack.Config["project:key"].text, nil
}

func main() {
	var texts []string
	if err := json.NewDecoder(os.Stdin).Decode(&texts); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	answers := make([]answer, len(texts))
	for index, text := range texts {
		found, err := read(text)
		if err != nil {
			answers[index] = answer{Error: err.Error()}
		} else {
			answers[index] = answer{Text: &found}
		}
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(answers); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

package slackfake

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// args are the arguments of a call. However they came, they are as in a form: what
// is not text in a JSON body is its JSON.
type args struct{ url.Values }

// readArgs reads query, form or JSON, and the token apart from them.
func readArgs(r *http.Request) (a args, token string, err error) {
	a.Values = r.URL.Query()
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch kind {
	case "application/json":
		var body []byte
		if body, err = io.ReadAll(io.LimitReader(r.Body, 16<<20)); err != nil {
			return a, "", err
		}
		if err = a.fromJSON(body); err != nil {
			return a, "", err
		}
	case "multipart/form-data":
		if err = r.ParseMultipartForm(16 << 20); err != nil {
			return a, "", err
		}
		a.Values = r.Form
	default:
		if err = r.ParseForm(); err != nil {
			return a, "", err
		}
		a.Values = r.Form
	}
	token = a.Get("token")
	a.Del("token")
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		token = strings.TrimSpace(bearer)
	}
	return a, token, nil
}

func (a args) fromJSON(body []byte) error {
	if strings.TrimSpace(string(body)) == "" {
		return nil
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return fmt.Errorf("json_not_object: %w", err)
	}
	for k, v := range fields {
		if k == "token" || string(v) == "null" {
			continue // Slack takes no token from JSON
		}
		var text string
		if json.Unmarshal(v, &text) != nil {
			text = string(v)
		}
		a.Set(k, text)
	}
	return nil
}

func (a args) flag(key string) bool {
	v := a.Get(key)
	return v == "true" || v == "1"
}

// flagOr is flag with what holds if nothing was said.
func (a args) flagOr(key string, otherwise bool) bool {
	if a.Get(key) == "" {
		return otherwise
	}
	return a.flag(key)
}

// limit is the number of items wanted.
func (a args) limit(standard, most int) int {
	n, err := strconv.Atoi(a.Get("limit"))
	if err != nil || n <= 0 {
		return standard
	}
	return min(n, most)
}

// refusal is an error of the Web API: {"ok":false,"error":code} and more.
type refusal struct {
	code string
	more obj
}

func (r refusal) Error() string { return r.code }

func refuse(code string) error { return refusal{code: code} }

// refuseWith is a refusal with reasons in response_metadata.
func refuseWith(code string, reasons []string) error {
	return refusal{code, obj{"errors": reasons, "response_metadata": obj{"messages": reasons}}}
}

package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"

	"github.com/go-chi/chi/v5"
)

//go:embed static
var staticFiles embed.FS

// file is one of our own files that pages refer to.
type file struct {
	kind    string
	body    []byte
	version string // changes with the content
}

var kinds = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

func readFiles() (map[string]file, error) {
	entries, err := fs.ReadDir(staticFiles, "static")
	if err != nil {
		return nil, err
	}
	files := map[string]file{}
	for _, e := range entries {
		body, err := staticFiles.ReadFile("static/" + e.Name())
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(body)
		files[e.Name()] = file{kinds[path.Ext(e.Name())], body, hex.EncodeToString(sum[:6])}
	}
	return files, nil
}

// address is where a file is found, for ever: another content has another address.
func (s *site) address(name string) string {
	return "/static/" + name + "?v=" + s.files[name].version
}

func (s *site) static(w http.ResponseWriter, r *http.Request) error {
	f, ok := s.files[chi.URLParam(r, "name")]
	if !ok {
		return notFound(w, r)
	}
	if r.URL.Query().Get("v") == f.version {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	w.Header().Set("Content-Type", f.kind)
	_, _ = w.Write(f.body)
	return nil
}

package main

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"batsignal/bot/irc/irctest"
	"batsignal/oncall"
	"batsignal/oncall/access"
	"batsignal/oncall/secret"
)

// pageCode is the code of a page in a text.
var pageCode = regexp.MustCompile(`\b[A-HJ-NP-Z2-9]{5}\b`)

// surfer is somebody with a browser, signed in, or with the token of a program.
type surfer struct {
	w       *sealedWorld
	client  *http.Client
	cookies map[string]string
	token   string
}

// surfer signs somebody in by the link that the bot sends them; nobody is signed in by nil.
func (w *sealedWorld) surfer(p *irctest.Person) *surfer {
	w.t.Helper()
	s := &surfer{w: w, cookies: map[string]string{}, client: &http.Client{
		Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	if p == nil {
		return s
	}
	p.Tell(botNick, "!login")
	_, link, _ := strings.Cut(p.Expect("", "Sign in: ").Text(), "Sign in: ")
	path := strings.TrimPrefix(link, w.web)
	if status, body := s.post(path, path, nil); status >= 400 {
		w.t.Fatalf("the link does not sign in: %d %s", status, body)
	}
	return s
}

func (s *surfer) send(r *http.Request) (status int, body string) {
	for name, value := range s.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	if s.token != "" {
		r.Header.Set("Authorization", "Bearer "+s.token)
	}
	answer, err := s.client.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer answer.Body.Close()
	for _, c := range answer.Cookies() {
		s.cookies[c.Name] = c.Value
	}
	if strings.HasPrefix(answer.Header.Get("Content-Type"), "text/event-stream") {
		return answer.StatusCode, "" // it never ends
	}
	text, _ := io.ReadAll(answer.Body)
	var head strings.Builder
	_ = answer.Header.Write(&head)
	return answer.StatusCode, head.String() + "\n" + string(text)
}

// get asks for an address of the bot's pages, or any other one.
func (s *surfer) get(path string) (int, string) {
	if !strings.Contains(path, "://") {
		path = s.w.web + path
	}
	r, err := http.NewRequest(http.MethodGet, path, nil)
	if err != nil {
		return 0, err.Error()
	}
	return s.send(r)
}

var csrfOf = regexp.MustCompile(`(?:name="csrf" value|data-csrf)="([^"]+)"`)

// post sends a form with the token of the page that has it, and goes where it leads.
func (s *surfer) post(page, path string, fields map[string]string) (int, string) {
	s.w.t.Helper()
	form := url.Values{}
	_, body := s.get(page)
	if found := csrfOf.FindStringSubmatch(body); found != nil {
		form.Set("csrf", found[1])
	}
	for name, value := range fields {
		form.Set(name, value)
	}
	r, err := http.NewRequest(http.MethodPost, s.w.web+path, strings.NewReader(form.Encode()))
	if err != nil {
		s.w.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	status, body := s.send(r)
	if status == http.StatusSeeOther {
		to := regexp.MustCompile(`(?m)^Location: (\S+)`).FindStringSubmatch(body)[1]
		return s.get(to)
	}
	return status, body
}

var linkOf = regexp.MustCompile(`(?:href|action|src)="(/[^"#]*)`)

// crawl follows every link from some pages on, and returns all that was seen.
func (s *surfer) crawl(who, base string, seen map[string]string, from ...string) {
	const most = 250
	waiting, known := from, map[string]bool{}
	for n := 0; len(waiting) > 0 && n < most; {
		path := strings.ReplaceAll(waiting[0], "&amp;", "&")
		waiting = waiting[1:]
		if known[path] || strings.Contains(path, "sign-out") {
			continue
		}
		known[path] = true
		n++
		_, body := s.get(base + path)
		seen[who+" at "+base+path] = body
		for _, found := range linkOf.FindAllStringSubmatch(body, -1) {
			waiting = append(waiting, found[1])
		}
	}
}

// everything is what the pages, the metrics and the API show: to everybody, to somebody who
// is signed in, to the owner of what is sealed, and to programs of theirs.
func (n *canaryNight) everything() map[string]string {
	seen := map[string]string{}
	from := []string{
		"/", "/incidents", "/incidents/1", "/incidents/1/retro.md", "/pages", "/pages/1", "/people", "/people/all", "/people/li", "/people/maria", "/routes",
		"/signal", "/status", "/ledger", "/ledger/0", "/ledger/leaves.txt", "/ledger/key.txt", "/ledger/check", "/keyring", "/custody", "/noise", "/noise.csv", "/audit",
		"/export", "/account", "/metrics", "/healthz", "/readyz", "/ack/wrong", "/nowhere", "/api", "/readiness", "/minutes",
	}
	n.surfer(nil).crawl("everybody", "", seen, from...)
	n.surfer(n.people["zoe"]).crawl("zoe", "", seen, from...)
	li := n.surfer(n.people["li"])
	li.crawl("li", "", seen, from...)
	li.crawl("li", n.pages, seen, "/", "/mine", "/confirm", "/reveal", "/seal", "/sealed", "/status", "/metrics")
	n.programs(seen)
	return seen
}

var parameter = regexp.MustCompile(`\{[^}]+\}`)

// programs asks whatever the API can be asked, as li.
func (n *canaryNight) programs(seen map[string]string) {
	n.t.Helper()
	li, err := oncall.PersonByHandle(n.t.Context(), n.db, "li")
	if err != nil {
		n.t.Fatal(err)
	}
	desk := &access.Service{DB: n.db, Now: time.Now}
	token, _, err := desk.CreateToken(n.t.Context(), oncall.Actor{PersonID: li.ID, Handle: "li"}, "canary", []access.Scope{access.Read}, time.Now().Add(time.Hour))
	if err != nil {
		n.t.Fatal(err)
	}
	s := n.surfer(nil)
	s.token = revealed(token)
	_, text := s.get("/api/v1/openapi.json")
	var document struct {
		Paths map[string]map[string]any `json:"paths"`
	}
	_, text, _ = strings.Cut(text, "\r\n\n")
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		n.t.Fatalf("%v: %.200s", err, text)
	}
	answered := 0
	for path, methods := range document.Paths {
		if methods["get"] == nil {
			continue
		}
		path = parameter.ReplaceAllStringFunc(path, func(name string) string {
			return cmp.Or(map[string]string{"{handle}": "li", "{name}": "package-fixing", "{role}": "package-fixing"}[name], "1")
		})
		if !strings.HasPrefix(path, "/api/") {
			path = "/api/v1" + path
		}
		status, body := s.get(path)
		if status == http.StatusOK {
			answered++
		}
		seen["a program at "+path] = body
	}
	if answered < 8 {
		n.t.Errorf("the API answered only %d questions", answered)
	}
}

func revealed(s secret.Text) string { return s.Reveal() }

// coreOfBot is the memory of the bot, as gcore of GDB writes it; nil where it cannot be had.
func (n *canaryNight) coreOfBot() []byte {
	t := n.t
	t.Helper()
	lacks := func(format string, args ...any) []byte {
		t.Helper()
		if os.Getenv("CI") != "" {
			t.Fatalf("THE MEMORY OF THE BOT IS NOT SEARCHED: "+format, args...)
		}
		t.Logf("THE MEMORY OF THE BOT IS NOT SEARCHED: "+format, args...)
		return nil
	}
	if raceBuild {
		t.Log("THE MEMORY OF THE BOT IS NOT SEARCHED: with the race detector it is too large")
		return nil
	}
	gcore, err := exec.LookPath("gcore")
	if err != nil {
		return lacks("gcore is not installed; on Debian or Ubuntu: apt-get install gdb")
	}
	dir := openDir(t)
	pid := n.bot.cmd.Process.Pid
	name := filepath.Join(dir, "core")
	args := []string{gcore, "-o", name, strconv.Itoa(pid)}
	out, err := exec.Command(args[0], args[1:]...).CombinedOutput()
	if err != nil && os.Getuid() != 0 { // Yama lets only root trace what is no child
		out, err = exec.Command("sudo", append([]string{"-n"}, args...)...).CombinedOutput()
		_ = exec.Command("sudo", "-n", "chmod", "644", name+"."+strconv.Itoa(pid)).Run()
	}
	if err != nil {
		return lacks("gcore: %v: %s", err, out)
	}
	core, all, err := written(name + "." + strconv.Itoa(pid))
	if err != nil {
		return lacks("%v", err)
	}
	t.Logf("the core of the bot has %d MB, %d of them not zero", all>>20, len(core)>>20)
	return core
}

// written is what a file has, without pages of nothing but zeroes, and how long it is.
func written(name string) (content []byte, all int64, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	page, nothing := make([]byte, 4096), make([]byte, 4096)
	for in := bufio.NewReaderSize(f, 1<<20); ; {
		n, err := io.ReadFull(in, page)
		all += int64(n)
		if !bytes.Equal(page[:n], nothing[:n]) {
			content = append(content, page[:n]...)
		}
		if err != nil {
			return content, all, nil
		}
	}
}

package mailtest

import (
	"bufio"
	"io"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Step is a place in a conversation where a [Server] can be told what to say.
type Step string

const (
	AtLogin Step = "login"
	AtFrom  Step = "from" // MAIL FROM
	AtTo    Step = "to"   // RCPT TO
	MidData Step = "mid"  // after the first line of the letter
	AtEnd   Step = "end"  // after the whole letter
	AtKept  Step = "kept" // after the whole letter was also kept
)

// Answer is one line of a script: what to say once at a step.
type Answer struct {
	At     Step
	Code   int    // 451, 550 …; 0 is yes
	Status [3]int // enhanced status, {5, 1, 1}; zero picks one that fits the code
	Text   string // "{to}" stands for the recipient, as servers quote it
	Drop   bool   // close the connection instead of answering
}

func (s *Server) session(c *smtp.Conn) (smtp.Session, error) {
	s.change(func() { s.opened++ })
	_, secure := c.TLSConnectionState()
	return &session{server: s, conn: c, secure: secure}, nil
}

// session is one conversation; the library calls it from one goroutine.
type session struct {
	server *Server
	conn   *smtp.Conn
	secure bool
	user   string
	from   string
	to     []string
}

func (c *session) AuthMechanisms() []string {
	if c.server.options.Username == "" {
		return nil
	}
	return []string{sasl.Plain}
}

func (c *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if err := c.say(AtLogin); err != nil {
			return err
		}
		o := c.server.options
		if user != o.Username || password != o.Password {
			return smtp.ErrAuthFailed
		}
		c.user = user
		return nil
	}), nil
}

func (c *session) Mail(from string, _ *smtp.MailOptions) error {
	if c.server.options.Username != "" && c.user == "" {
		return &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "log in first"}
	}
	c.from = from
	return c.say(AtFrom)
}

func (c *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	c.to = append(c.to, to)
	return c.say(AtTo)
}

func (c *session) Data(r io.Reader) error {
	at := time.Now()
	lines := bufio.NewReader(r)
	first, err := lines.ReadString('\n')
	if err != nil {
		return err
	}
	if err := c.say(MidData); err != nil {
		return err
	}
	rest, err := io.ReadAll(lines)
	if err != nil {
		return err
	}
	c.hold()
	if err := c.say(AtEnd); err != nil {
		return err
	}
	mail := Mail{
		At: at, From: c.from, To: append([]string(nil), c.to...),
		Raw: append([]byte(first), rest...), TLS: c.secure, User: c.user,
	}
	c.server.change(func() { c.server.mails = append(c.server.mails, mail) })
	return c.say(AtKept)
}

// hold waits at the server's gate, if there is one.
func (c *session) hold() {
	s := c.server
	var gate chan struct{}
	s.change(func() {
		s.inData++
		s.most = max(s.most, s.inData)
		gate = s.gate
	})
	if gate != nil {
		<-gate
	}
	s.change(func() { s.inData-- })
}

func (c *session) Reset() { c.from, c.to = "", nil }

func (c *session) Logout() error {
	c.server.change(func() { c.server.closed++ })
	return nil
}

// say takes the script's next answer for a step.
func (c *session) say(at Step) error {
	s := c.server
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, a := range s.script {
		if a.At != at {
			continue
		}
		s.script = append(s.script[:i:i], s.script[i+1:]...)
		if a.Drop {
			_ = c.conn.Conn().Close()
			return io.ErrUnexpectedEOF
		}
		if a.Code == 0 {
			return nil
		}
		text := strings.ReplaceAll(a.Text, "{to}", strings.Join(c.to, ","))
		return &smtp.SMTPError{Code: a.Code, EnhancedCode: a.Status, Message: text}
	}
	return nil
}

package irctest

// must fails the test; a person without a test is the network's own operator,
// whose errors are returned instead.
func (p *Person) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// Nickname is the nick that the person connected with or took last.
func (p *Person) Nickname() string { return p.nick }

// Say says a line in a room and returns when the server has taken it.
func (p *Person) Say(room, text string) {
	p.t.Helper()
	p.must(p.write("PRIVMSG %s :%s", room, text))
	p.must(p.sync())
}

// Do says what the person does in a room or to a nick, as "/me waves" does, and returns
// when the server has taken it.
func (p *Person) Do(target, text string) {
	p.t.Helper()
	p.Say(target, "\x01ACTION "+text+"\x01")
}

// Tell says a line to somebody in private.
func (p *Person) Tell(nick, text string) {
	p.t.Helper()
	p.Say(nick, text)
}

// Join joins a room and returns when the person is in it.
func (p *Person) Join(room string) {
	p.t.Helper()
	p.must(p.write("JOIN %s", room))
	p.must(p.wait("the join of "+room, func(l Line) bool { return l.Command == "366" && len(l.Params) > 1 && l.Params[1] == room }))
}

// Part leaves a room.
func (p *Person) Part(room string) {
	p.t.Helper()
	p.must(p.write("PART %s", room))
	p.must(p.sync())
}

// Nick takes another nick.
func (p *Person) Nick(nick string) {
	p.t.Helper()
	p.must(p.write("NICK %s", nick))
	p.must(p.wait("the nick "+nick, func(l Line) bool { return l.Command == "NICK" && l.Nick == p.nick && l.Text() == nick }))
	p.nick = nick
}

// Register registers the current nick as an account with NickServ.
func (p *Person) Register(password string) {
	p.t.Helper()
	p.must(p.write("PRIVMSG NickServ :REGISTER %s %s@test.org", password, p.nick))
	p.Expect("", "is now registered")
}

// Login logs in to an account by NickServ, after connecting.
func (p *Person) Login(account, password string) {
	p.t.Helper()
	p.must(p.write("PRIVMSG NickServ :IDENTIFY %s %s", account, password))
	p.Expect("", "You are now identified")
}

// Logout logs out of the account.
func (p *Person) Logout() {
	p.t.Helper()
	p.must(p.write("PRIVMSG NickServ :LOGOUT"))
	p.must(p.wait("the logout", func(l Line) bool { return l.Command == "901" }))
}

// Quit leaves the network and returns when the server has closed the line.
func (p *Person) Quit() {
	p.t.Helper()
	p.must(p.write("QUIT :bye"))
	p.Gone()
}

// Gone waits until the server has closed the person's connection.
func (p *Person) Gone() {
	p.t.Helper()
	p.must(eventually(p.nick+" to be gone", func() (bool, error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.ended != nil, nil
	}))
	p.close()
}

// Raw sends a line of protocol and returns when the server has taken it.
func (p *Person) Raw(line string) {
	p.t.Helper()
	p.must(p.write("%s", line))
	p.must(p.sync())
}

// Expect waits for a line said in the room ("" is in private) that contains
// part, and returns it. Each line can be expected once.
func (p *Person) Expect(room, part string) Line {
	p.t.Helper()
	l, err := p.take(containing(room, part))
	p.must(err)
	return l
}

// ExpectMatch is [Person.Expect] with a regular expression.
func (p *Person) ExpectMatch(room, expr string) Line {
	p.t.Helper()
	l, err := p.take(matching(room, expr))
	p.must(err)
	return l
}

// ExpectRaw waits for any line that fits, such as a JOIN, and returns it.
func (p *Person) ExpectRaw(what string, fits func(Line) bool) Line {
	p.t.Helper()
	l, err := p.take(what, fits)
	p.must(err)
	return l
}

// ExpectNot fails if a line with part was shown in the room, up to now: the
// server is asked first, so nothing that it has already sent is missed.
func (p *Person) ExpectNot(room, part string) {
	p.t.Helper()
	p.must(p.sync())
	what, fits := containing(room, part)
	if p.has(fits) {
		p.t.Fatalf("%s was shown %s, which must not be:\n%s", p.nick, what, p.transcript())
	}
}

// Shown returns everything that was shown up to now and not expected, and drops it.
// The server is asked first, so nothing that it has already sent is missed.
func (p *Person) Shown() []Line {
	p.t.Helper()
	p.must(p.sync())
	p.mu.Lock()
	defer p.mu.Unlock()
	lines := p.lines
	p.lines = nil
	return lines
}

// Forget drops everything that was shown and not expected.
func (p *Person) Forget() { p.forget() }

// Sync returns when the server has answered everything that was sent before.
func (p *Person) Sync() {
	p.t.Helper()
	p.must(p.sync())
}

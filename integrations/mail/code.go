package mail

import (
	"batsignal/oncall/paging"
)

// codeWords are the parts of a letter that brings a code to be said back, or none: the
// daily letter to ourselves.
type codeWords struct {
	Subject string
	Above   string // [AboveLine], if answers are read
	Kind    string
	Person  string // handle; "" if it is nobody's address
	Code    string
	Mail    bool   // the code may be written back by mail
	Answer  string // opens the mail program with the answer written
	Prefix  string
}

var codeSubjects = map[paging.Kind]string{
	paging.KindProof:  "[Batsignal] Is this address yours?",
	paging.KindTest:   "[Batsignal] A test: does mail still reach you?",
	paging.KindCanary: "[Batsignal] The daily test of mail",
}

func (r *Route) codeWords(m paging.Message) codeWords {
	w := codeWords{
		Subject: codeSubjects[m.Kind], Kind: string(m.Kind), Person: visible(m.Person, longestName), Code: m.Code, Prefix: r.prefix,
	}
	if w.Subject == "" {
		w.Subject = "[Batsignal] A code for you"
	}
	if r.answerable(m) && m.Kind != paging.KindCanary {
		w.Mail, w.Above, w.Answer = true, AboveLine, r.answerTo("Re: "+w.Subject, m.Code)
	}
	return w
}

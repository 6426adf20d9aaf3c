package command

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"batsignal/incidents/alert"
	"batsignal/oncall"
	"batsignal/oncall/fault"
)

// listedAlerts is how many alerts of a group a list names, and listedGroups how many groups.
const (
	listedAlerts = 10
	listedGroups = 10
)

func (s Services) alertCommands() []*Command {
	if s.Alerts == nil {
		return nil
	}
	number := Param{Name: "alert", Kind: Number, Prefix: "A", Help: "which alert"}
	all := Param{Name: "all", Kind: Flag, Help: "and everything else that came with it"}
	means := func(word string) Param {
		return Param{Name: word, Kind: Option, Choices: []string{"1", "2", "3", "4"}, Help: "the severity of " + word + " by a new key; 4 rings nobody"}
	}
	return []*Command{{
		Name: "alert", Aliases: []string{"alerts"}, Group: "Alerts", Default: "list", Needs: Known,
		Summary: "Tells what monitoring tools say is wrong, and answers them.", Example: "alert list",
		Subs: []*Command{
			{
				Name: "list", Summary: "Lists the alerts that are open, by the page that rang for them.", Example: "alert list prometheus",
				Params: []Param{{Name: "key", Kind: Rest, Optional: true, Help: "only those that came by this key"}}, Run: s.alertList,
			},
			{Name: "show", Summary: "Shows an alert and what was done about it.", Example: "alert show A12", Params: []Param{number}, Run: s.alertShow},
			{
				Name: "ack", Needs: Known | LetIn, Summary: "Says that you look at an alert; when nobody is needed for its group any more, its page ends.", Example: "alert ack A12",
				Params: []Param{all, number},
				Run: func(ctx context.Context, c *Call) (Reply, error) {
					out, err := s.Alerts.Ack(ctx, c.Actor(), c.Number("alert"), c.Given("all"))
					return alertAnswered(c, out, "acknowledged"), err
				},
			},
			{
				Name: "resolve", Needs: Known | LetIn, Summary: "Says that what an alert tells of is over.", Example: "alert resolve A12",
				Params: []Param{all, number},
				Run: func(ctx context.Context, c *Call) (Reply, error) {
					out, err := s.Alerts.Resolve(ctx, c.Actor(), c.Number("alert"), c.Given("all"))
					return alertAnswered(c, out, "resolved"), err
				},
			},
			{
				Name: "key", Needs: Admin, Summary: "Makes, lists and revokes the keys by which monitoring tools send alerts.", Example: "alert key add prometheus night",
				Params: []Param{
					means("critical"), means("error"), means("warning"), means("info"), means("other"),
					{Name: "what", Kind: Words, Optional: true, Help: "add NAME POLICY, list, or revoke NAME; list if not said"},
				}, Run: s.alertKey,
			},
		},
	}}
}

func (s Services) alertList(ctx context.Context, c *Call) (Reply, error) {
	groups, err := alert.Groups(ctx, s.DB, alert.Query{Key: strings.TrimSpace(c.Text("key")), Most: listedGroups + 1}, listedAlerts)
	if err != nil {
		return Reply{}, err
	}
	if len(groups) == 0 {
		return sentence("No alert is open."), nil
	}
	var r Reply
	for i, g := range groups {
		if i == listedGroups {
			r.Blocks = append(r.Blocks, Line("There are more"+s.alertPage("/alerts")+"."))
			break
		}
		l := List{Title: groupWords(c, g.Group)}
		for _, a := range g.Alerts {
			l.Items = append(l.Items, a.Line().Words())
		}
		if g.More > 0 {
			l.Items = append(l.Items, fmt.Sprintf("and %d more%s", g.More, s.alertPage("/alerts?group="+strconv.FormatInt(g.ID, 10))))
		}
		r.Blocks = append(r.Blocks, l)
	}
	return r, nil
}

// alertPage says where more is to be seen; "" where there are no pages.
func (s Services) alertPage(path string) string {
	if s.PublicURL == "" {
		return ""
	}
	return ": " + strings.TrimRight(s.PublicURL, "/") + path
}

// groupWords tells how a group stands.
func groupWords(c *Call, g alert.Group) string {
	text := fmt.Sprintf("From %s since %s, ", g.Key, stamp(g.OpenedAt, c))
	switch {
	case g.State == alert.GroupAcked && g.AckedBy != "":
		return text + g.AckedBy + " looks at it"
	case g.State == alert.GroupAcked:
		return text + "its source says that somebody looks at it"
	case g.State == alert.GroupResolved:
		return text + "over"
	case !g.Rings():
		return text + "nobody is rung for it"
	}
	return text + "nobody has answered yet, rung by the policy " + g.Policy
}

func (s Services) alertShow(ctx context.Context, c *Call) (Reply, error) {
	a, err := alert.Get(ctx, s.DB, c.Number("alert"))
	if err != nil {
		return Reply{}, err
	}
	g, _, err := alert.GetGroup(ctx, s.DB, a.GroupID)
	if err != nil {
		return Reply{}, err
	}
	facts := Facts{{"state", string(a.State)}, {"from", a.Key}, {"its name there", a.DedupKey}}
	for _, f := range [][2]string{{"source", a.Source}, {"component", a.Component}, {"class", a.Class}, {"part of", a.Part}} {
		if f[1] != "" {
			facts = append(facts, f)
		}
	}
	facts = append(facts, [2]string{"first", stamp(a.FirstAt, c)})
	if a.Count > 1 {
		facts = append(facts, [2]string{"last", fmt.Sprintf("%s, %d times", stamp(a.LastAt, c), a.Count)})
	}
	if a.AckedAt != nil {
		facts = append(facts, [2]string{"acknowledged", byWords(stamp(*a.AckedAt, c), a.AckedBy)})
	}
	if a.ResolvedAt != nil {
		facts = append(facts, [2]string{"resolved", byWords(stamp(*a.ResolvedAt, c), a.ResolvedBy)})
	}
	r := Reply{Blocks: []Block{Line(a.Line().Words()), facts, Line(groupWords(c, g) + othersWords(a, g) + ".")}}
	for _, l := range a.Links {
		r.Blocks = append(r.Blocks, Line("It links to "+l.Href))
	}
	if a.Details != "" {
		r.Blocks = append(r.Blocks, Code(oncall.Clip(a.Details, 600)))
	}
	return r, nil
}

func byWords(at, handle string) string {
	if handle == "" {
		return at + " by its source"
	}
	return at + " by " + handle
}

// othersWords counts what else of a group is not over.
func othersWords(a alert.Alert, g alert.Group) string {
	n := g.Triggered + g.Acknowledged
	if a.State != alert.Resolved {
		n--
	}
	if n < 1 {
		return ""
	}
	return "; with it " + oncall.Plural(n, "other alert is", "other alerts are") + " open"
}

// alertAnswered tells what an answer did, and what of the group still waits for one.
func alertAnswered(c *Call, out alert.Answered, did string) Reply {
	ref := out.Alert.Ref()
	text := fmt.Sprintf("%s is %s.", ref, did)
	switch {
	case out.Changed == 0:
		text = fmt.Sprintf("%s was %s before: nothing was left to do.", ref, out.Alert.State)
	case out.Others == out.Changed:
		text = fmt.Sprintf("%s that came with %s: %s.", oncall.Plural(out.Others, "other alert", "other alerts"), ref, did)
	case out.Others > 0:
		text = fmt.Sprintf("%s is %s, and %s that came with it.", ref, did, oncall.Plural(out.Others, "other", "others"))
	}
	switch n := out.Group.Triggered; {
	case n > 0:
		text += fmt.Sprintf(" %s of its group still %s for an answer: %s", oncall.Plural(n, "alert", "alerts"), waits(n), c.Typed("alert ack --all "+ref))
	case out.Group.State == alert.GroupAcked:
		text += " Nobody is rung for its group any more. When it is over: " + c.Typed("alert resolve --all "+ref)
	}
	return sentence(text)
}

func waits(n int) string {
	if n == 1 {
		return "waits"
	}
	return "wait"
}

func (s Services) alertKey(ctx context.Context, c *Call) (Reply, error) {
	words := strings.Fields(c.Text("what"))
	switch {
	case len(words) == 0, len(words) == 1 && words[0] == "list":
		return s.alertKeys(ctx)
	case len(words) == 3 && words[0] == "add":
		return s.alertKeyAdd(ctx, c, words[1], words[2])
	case len(words) == 2 && words[0] == "revoke":
		err := s.Alerts.RevokeKey(ctx, c.Actor(), words[1])
		return sentence(fmt.Sprintf("The key %s is revoked. Alerts that came by it stay.", words[1])), err
	}
	return Reply{}, fault.New(fault.Invalid, "A key is made with %s, and revoked with %s.", c.Typed("alert key add NAME POLICY"), c.Typed("alert key revoke NAME"))
}

func (s Services) alertKeys(ctx context.Context) (Reply, error) {
	keys, err := s.Alerts.Keys(ctx, false)
	if err != nil {
		return Reply{}, err
	}
	if len(keys) == 0 {
		return sentence("There is no key, so no tool can send alerts. To make one: !alert key add NAME POLICY"), nil
	}
	l := List{Title: "Keys for alerts"}
	for _, k := range keys {
		item := fmt.Sprintf("%s rings by the policy %s; nothing is open", k.Name, k.Policy)
		if k.Open > 0 {
			item = fmt.Sprintf("%s rings by the policy %s; %s open", k.Name, k.Policy, oncall.Plural(k.Open, "alert is", "alerts are"))
		}
		for _, word := range alert.Words() {
			if n, odd := k.Severities[word]; odd {
				item += fmt.Sprintf("; %s is severity %d", word, n)
			}
		}
		l.Items = append(l.Items, item)
	}
	return Reply{Blocks: []Block{l}}, nil
}

func (s Services) alertKeyAdd(ctx context.Context, c *Call, name, policy string) (Reply, error) {
	k := alert.Key{Name: name, Policy: policy, Severities: map[string]int{}}
	for _, word := range alert.Words() {
		if n, err := strconv.Atoi(c.Text(word)); err == nil {
			k.Severities[word] = n
		}
	}
	k.Default, _ = strconv.Atoi(c.Text("other")) // what was not said is as usual
	text, made, err := s.Alerts.AddKey(ctx, c.Actor(), k)
	if err != nil {
		return Reply{}, err
	}
	base := s.PublicURL
	if base == "" {
		base = "the address of my web pages"
	}
	return Reply{Private: true, Blocks: []Block{
		Line(fmt.Sprintf("The key %s rings by the policy %s. It is told this once: whoever has it can send alerts.", made.Name, made.Policy)),
		Code(text.Reveal()),
		Line(fmt.Sprintf("A tool that can page PagerDuty: give it this key, and %s in place of https://events.pagerduty.com.", strings.TrimRight(base, "/"))),
	}}, nil
}

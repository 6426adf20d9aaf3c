package write

// OurFormats are the files of our own minutes, the ones that people open first in front.
func OurFormats() []Format {
	return []Format{
		{Ext: "html", Title: "Minutes", Write: writeOurHTML},
		{Ext: "log.html", Title: "Log", Log: true, Write: writeOurLogHTML},
		{Ext: "txt", Title: "Minutes (text)", Write: writeOurText},
		{Ext: "log.txt", Title: "Log (text)", Log: true, Write: writeOurLogText},
		{Ext: "md", Title: "Minutes (Markdown)", Write: writeOurMarkdown},
		{Ext: "json", Title: "Minutes (JSON)", Write: writeOurJSON},
		{Ext: "rst", Title: "Minutes (reStructuredText)", Write: writeOurRST},
		{Ext: "mw", Title: "Minutes (MediaWiki)", Write: writeOurWiki},
		{Ext: "eml", Title: "Minutes (mail)", Write: writeOurMail},
	}
}

package write

// PeerFormats are the files that the peers' dialects write.
func PeerFormats() []Format {
	return []Format{
		{Ext: "txt", Title: "Minutes, text", Write: writePeerTxt},
		{Ext: "html", Title: "Minutes", Write: writePeerHTML},
		{Ext: "log.html", Title: "Log", Log: true, Write: writePeerLogHTML},
		{Ext: "log.txt", Title: "Log, text", Log: true, Write: writePeerLogTxt},
		{Ext: "rst", Title: "Minutes, reStructuredText", Write: writePeerRST},
		{Ext: "mw", Title: "Minutes, MediaWiki", Write: writePeerMediaWiki},
		{Ext: "pmw", Title: "Minutes, PmWiki", Write: writePeerPmWiki},
	}
}

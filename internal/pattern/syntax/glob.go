package syntax

import "strconv"

// Glob is a wildcard pattern, cut at its stars: a value matches if it is the
// pieces in order with anything, also nothing, between them.
type Glob []string

// ParseGlob reads a wildcard pattern. reason says what is wrong with it. The
// positions that it tells count the opening quote, as AWS does.
func ParseGlob(text string) (g Glob, reason string) {
	var piece []byte
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '*':
			if i+1 < len(text) && text[i+1] == '*' {
				return nil, "Consecutive wildcard characters at pos " + strconv.Itoa(i+1)
			}
			g, piece = append(g, string(piece)), piece[:0]
		case '\\':
			if i+1 == len(text) || text[i+1] != '*' && text[i+1] != '\\' {
				return nil, "Invalid escape character at pos " + strconv.Itoa(i+1)
			}
			i++
			piece = append(piece, text[i])
		default:
			piece = append(piece, c)
		}
	}
	return append(g, string(piece)), ""
}

func parseGlobs(texts []string) (globs []Glob, reason string) {
	for _, text := range texts {
		g, reason := ParseGlob(text)
		if reason != "" {
			return nil, reason
		}
		globs = append(globs, g)
	}
	return globs, ""
}

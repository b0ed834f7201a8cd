// Writes tests/vectors/path-match.txt: what path.Match of Go's standard library answers.
//
//	go run tests/vectors/generate/path_match.go > tests/vectors/path-match.txt
//
// One case per line: pattern, path and answer (true, false or bad), separated by tabs. Bytes that are not
// printable ASCII, and '%', are written %XX.
package main

import (
	"fmt"
	"math/rand"
	"path"
	"strings"
)

var patterns = []string{
	"", "*", "**", "?", "??", "a", "a*", "*a", "a*b", "*a*", "a*b*c", "a**b", "*/*", "a/*", "*/b", "/v1/*",
	"/v1/*/*", "/v1/key/*/foo", "/v1/key/create/my-*", "/v1/key/[cd]*/x", "/v1/key/*/bucket-internal*",
	"[a]", "[ab]", "[a-c]", "[^a]", "[^a-c]", "[a-cx-z]", "[]", "[]a]", "[^]", "[^]a]", "[", "[a", "[a-", "[a-]",
	"[-a]", "[-]", "[a-c", "[z-a]", "a[", "a[b", "[\\]]", "[\\", "[\\a", "[a\\-c]", "[*]", "[?]", "[[]", "[a][b]", "[^^]",
	"[!a]", "a]", "]", "\\", "a\\", "\\a", "\\*", "\\?", "\\[", "\\\\", "a\\*b", "*\\", "*[", "*[a", "x*[", "x*\\",
	"a?c", "a[/]c", "a[^b]c", "*[^z]*c", "é", "?é", "[é]", "[à-ü]", "[^é]", "\xff", "[\xff]", "[\uFFFD]", "[^\xff]",
	"a*é", "[日-本]", "*日*", "[a-b-c]", "a*[b]*c", "*b*b*b*c", "a*****b", "[a]*]", "[a*]b", "[\\*]*",
}

var paths = []string{
	"", "a", "b", "c", "ab", "abc", "a/b", "a/c", "axbxc", "a*b", "*", "?", "[", "]", "\\", "-", "^", "/",
	"/v1/key", "/v1/key/create/foo", "/v1/key/create/my-key", "/v1/key/create/my-key/x", "/v1/key/delete/x",
	"/v1/key/delete/bucket-internal-1", "a/bc", "xa/bc", "é", "ü", "aé", "日", "日本", "\xff", "a\xff", "\uFFFD", "!",
	"[a", "aaaaaaaaaab", "bbbbbc",
}

func escape(text string) string {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		if c := text[i]; c <= 0x20 || c >= 0x7f || c == '%' {
			fmt.Fprintf(&out, "%%%02X", c)
		} else {
			out.WriteByte(c)
		}
	}
	return out.String()
}

func answer(pattern, name string) string {
	matched, err := path.Match(pattern, name)
	if err != nil {
		return "bad"
	}
	return fmt.Sprint(matched)
}

func random(source *rand.Rand, pieces []string, longest int) string {
	var out strings.Builder
	for n := source.Intn(longest + 1); n > 0; n-- {
		out.WriteString(pieces[source.Intn(len(pieces))])
	}
	return out.String()
}

func main() {
	emit := func(pattern, name string) {
		fmt.Printf("%s\t%s\t%s\n", escape(pattern), escape(name), answer(pattern, name))
	}
	// Every hand-made pattern is shown with what it matches, and with two things it does not.
	for _, pattern := range patterns {
		misses := 0
		for _, name := range paths {
			if matched, _ := path.Match(pattern, name); matched {
				emit(pattern, name)
			} else if misses < 2 {
				emit(pattern, name)
				misses++
			}
		}
	}
	source := rand.New(rand.NewSource(1))
	inPatterns := []string{"a", "b", "/", "*", "*", "?", "[ab]", "[^a]", "[a-", "]", "[", "\\", "-", "^", "é", "\xc3"}
	inPaths := []string{"a", "b", "/", "*", "[", "]", "-", "^", "\\", "é", "\xa9"}
	for matches, others := 0, 0; matches < 150 || others < 150; {
		pattern, name := random(source, inPatterns, 6), random(source, inPaths, 5)
		if matched, _ := path.Match(pattern, name); matched && matches < 150 {
			emit(pattern, name)
			matches++
		} else if !matched && others < 150 {
			emit(pattern, name)
			others++
		}
	}
}

// Checks what the evidence log signs and proves with Go's own packages, and makes the same for it to check.
//
// One JSON object on standard input, one on standard output. "check": a checkpoint, inclusion and consistency proofs.
// "make": a checkpoint of a tree over records, and proofs of it.
package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type inclusion struct {
	Index int64
	Entry []byte
	Path  [][]byte
}

type consistency struct {
	Size int64
	Root []byte
	Path [][]byte
}

type request struct {
	Do          string
	Key         string
	Checkpoint  string
	Inclusions  []inclusion
	Consistency []consistency
	Name        string
	Records     [][]byte
}

type answer struct {
	Error       string
	Size        int64
	Signatures  int
	Unverified  int
	Key         string
	Checkpoint  string
	Inclusions  []inclusion
	Consistency []consistency
}

type store []tlog.Hash

func (s store) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for at, index := range indexes {
		found[at] = s[index]
	}
	return found, nil
}

func hash(octets []byte) (h tlog.Hash) {
	copy(h[:], octets)
	return h
}

func hashes(path [][]byte) (list []tlog.Hash) {
	for _, octets := range path {
		list = append(list, hash(octets))
	}
	return list
}

func octets(list []tlog.Hash) [][]byte {
	path := [][]byte{}
	for _, one := range list {
		path = append(path, append([]byte{}, one[:]...))
	}
	return path
}

func check(asked request) (answer, error) {
	verifier, err := note.NewVerifier(asked.Key)
	if err != nil {
		return answer{}, err
	}
	opened, err := note.Open([]byte(asked.Checkpoint), note.VerifierList(verifier))
	if err != nil {
		return answer{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		return answer{}, fmt.Errorf("not three lines of the log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return answer{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return answer{}, err
	}
	for _, one := range asked.Inclusions {
		if err := tlog.CheckRecord(hashes(one.Path), size, root, one.Index, tlog.RecordHash(one.Entry)); err != nil {
			return answer{}, fmt.Errorf("entry %d: %w", one.Index, err)
		}
	}
	for _, one := range asked.Consistency {
		if err := tlog.CheckTree(hashes(one.Path), size, root, one.Size, hash(one.Root)); err != nil {
			return answer{}, fmt.Errorf("size %d: %w", one.Size, err)
		}
	}
	return answer{Size: size, Signatures: len(opened.Sigs), Unverified: len(opened.UnverifiedSigs)}, nil
}

func build(asked request) (answer, error) {
	var kept store
	var roots []tlog.Hash
	for index, record := range asked.Records {
		more, err := tlog.StoredHashes(int64(index), record, kept)
		if err != nil {
			return answer{}, err
		}
		kept = append(kept, more...)
		root, err := tlog.TreeHash(int64(index)+1, kept)
		if err != nil {
			return answer{}, err
		}
		roots = append(roots, root)
	}
	size := int64(len(asked.Records))
	private, public, err := note.GenerateKey(rand.Reader, asked.Name)
	if err != nil {
		return answer{}, err
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		return answer{}, err
	}
	text := fmt.Sprintf("%s\n%d\n%s\n", asked.Name, size, roots[size-1])
	signed, err := note.Sign(&note.Note{Text: text}, signer)
	if err != nil {
		return answer{}, err
	}
	made := answer{Key: public, Checkpoint: string(signed), Size: size}
	for index, record := range asked.Records {
		path, err := tlog.ProveRecord(size, int64(index), kept)
		if err != nil {
			return answer{}, err
		}
		made.Inclusions = append(made.Inclusions, inclusion{int64(index), record, octets(path)})
		tree, err := tlog.ProveTree(size, int64(index)+1, kept)
		if err != nil {
			return answer{}, err
		}
		made.Consistency = append(made.Consistency, consistency{int64(index) + 1, roots[index][:], octets(tree)})
	}
	return made, nil
}

func main() {
	var asked request
	var made answer
	err := json.NewDecoder(os.Stdin).Decode(&asked)
	if err == nil && asked.Do == "check" {
		made, err = check(asked)
	} else if err == nil {
		made, err = build(asked)
	}
	if err != nil {
		made.Error = err.Error()
	}
	if err := json.NewEncoder(os.Stdout).Encode(made); err != nil {
		panic(err)
	}
}

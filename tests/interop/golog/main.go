// Checks what the evidence log signs and proves with Go's own packages, and makes the same for it to check.
//
// One JSON object on standard input, one on standard output. "check": a checkpoint, inclusion and consistency proofs.
// "make": a checkpoint of a tree over records, and proofs of it. "read": a folder of tiles (C2SP tlog-tiles) by
// tlog.TileHashReader. "write": such a folder over records, by tlog.NewTiles.
package main

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
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
	Folder      string
	Since       int64
	Step        int64
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
	Records     [][]byte
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

func open(key string, checkpoint []byte) (*note.Note, tlog.Tree, error) {
	var tree tlog.Tree
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return nil, tree, err
	}
	opened, err := note.Open(checkpoint, note.VerifierList(verifier))
	if err != nil {
		return nil, tree, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		return nil, tree, fmt.Errorf("not three lines of the log")
	}
	if tree.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return nil, tree, err
	}
	tree.Hash, err = tlog.ParseHash(lines[2])
	return opened, tree, err
}

func check(asked request) (answer, error) {
	opened, tree, err := open(asked.Key, []byte(asked.Checkpoint))
	if err != nil {
		return answer{}, err
	}
	size, root := tree.N, tree.Hash
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

const height = 8

// path is the name of a tile in C2SP tlog-tiles, which leaves the height out and calls data entries.
func path(tile tlog.Tile) string {
	name := strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", height))
	return "tile/" + strings.Replace(name, "data/", "entries/", 1)
}

type folder string

func (f folder) Height() int { return height }

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range tiles {
		octets, err := os.ReadFile(filepath.Join(string(f), path(tile)))
		if err != nil {
			return nil, err
		}
		found = append(found, octets)
	}
	return found, nil
}

func (f folder) SaveTiles([]tlog.Tile, [][]byte) {}

func (f folder) write(name string, octets []byte) error {
	name = filepath.Join(string(f), name)
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return err
	}
	return os.WriteFile(name, octets, 0o666)
}

// read takes all entries out of the bundles and proves each Step-th, and beginnings, from the tiles of hashes alone.
func read(asked request) (answer, error) {
	from := folder(asked.Folder)
	checkpoint, err := os.ReadFile(filepath.Join(asked.Folder, "checkpoint"))
	if err != nil {
		return answer{}, err
	}
	_, tree, err := open(asked.Key, checkpoint)
	if err != nil {
		return answer{}, err
	}
	hashes := tlog.TileHashReader(tree, from)
	found := answer{Size: tree.N}
	for start := int64(0); start < tree.N; start += 1 << height {
		width := min(tree.N-start, 1<<height)
		data, err := from.ReadTiles([]tlog.Tile{{H: height, L: -1, N: start >> height, W: int(width)}})
		if err != nil {
			return answer{}, err
		}
		rest := data[0]
		for index := start; index < start+width; index++ {
			if len(rest) < 2 || len(rest) < 2+int(binary.BigEndian.Uint16(rest)) {
				return answer{}, fmt.Errorf("bundle ends before entry %d", index)
			}
			length := 2 + int(binary.BigEndian.Uint16(rest))
			record := bytes.Clone(rest[2:length])
			rest = rest[length:]
			found.Records = append(found.Records, record)
			if index%asked.Step != 0 {
				continue
			}
			proof, err := tlog.ProveRecord(tree.N, index, hashes)
			if err != nil {
				return answer{}, err
			}
			if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(record)); err != nil {
				return answer{}, fmt.Errorf("entry %d: %w", index, err)
			}
		}
		if len(rest) != 0 {
			return answer{}, fmt.Errorf("something follows the entries from %d on", start)
		}
	}
	for size := int64(1); size <= tree.N; size += 10 * asked.Step {
		proof, err := tlog.ProveTree(tree.N, size, hashes)
		if err != nil {
			return answer{}, err
		}
		root, err := tlog.TreeHash(size, hashes)
		if err != nil {
			return answer{}, err
		}
		if err := tlog.CheckTree(proof, tree.N, tree.Hash, size, root); err != nil {
			return answer{}, fmt.Errorf("size %d: %w", size, err)
		}
	}
	return found, nil
}

// write makes the tiles that a tree over the records has more than at the size Since.
func write(asked request) (answer, error) {
	made, err := build(asked)
	if err != nil {
		return answer{}, err
	}
	var kept store
	for index, record := range asked.Records {
		more, err := tlog.StoredHashes(int64(index), record, kept)
		if err != nil {
			return answer{}, err
		}
		kept = append(kept, more...)
	}
	to := folder(asked.Folder)
	for _, tile := range tlog.NewTiles(height, asked.Since, made.Size) {
		octets, err := tlog.ReadTileData(tile, kept)
		if err != nil {
			return answer{}, err
		}
		if err := to.write(path(tile), octets); err != nil {
			return answer{}, err
		}
		if tile.L != 0 {
			continue
		}
		tile.L = -1
		var bundle []byte
		for _, record := range asked.Records[tile.N<<height:][:tile.W] {
			bundle = binary.BigEndian.AppendUint16(bundle, uint16(len(record)))
			bundle = append(bundle, record...)
		}
		if err := to.write(path(tile), bundle); err != nil {
			return answer{}, err
		}
	}
	return answer{Key: made.Key, Size: made.Size}, to.write("checkpoint", []byte(made.Checkpoint))
}

func main() {
	var asked request
	var made answer
	err := json.NewDecoder(os.Stdin).Decode(&asked)
	does := map[string]func(request) (answer, error){"check": check, "make": build, "read": read, "write": write}
	if err == nil {
		made, err = does[asked.Do](asked)
	}
	if err != nil {
		made.Error = err.Error()
	}
	if err := json.NewEncoder(os.Stdout).Encode(made); err != nil {
		panic(err)
	}
}

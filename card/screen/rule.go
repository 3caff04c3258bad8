package screen

import (
	"errors"
	"fmt"
	"slices"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"

	"yinbo/card"
	"yinbo/internal/fault"
)

// Bounds of a version.
const (
	MaxRules = 200
	MaxCases = 200
	maxNodes = 200  // of an expression's tree
	memory   = 1000 // elements that an expression may make at once
)

// Rule is one question that is asked of every application.
type Rule struct {
	ID      string       `json:"id" minLength:"1" maxLength:"40" pattern:"^[a-z][a-z0-9_]*$"`
	Name    string       `json:"name" minLength:"1" maxLength:"100" doc:"For people"`
	When    string       `json:"when" minLength:"1" maxLength:"1000" doc:"An expression over the inputs that is true or false, such as ip.h1 >= 20 && !ip.white"`
	Verdict card.Verdict `json:"verdict" enum:"refer,decline" doc:"What is said when it is true"`
	Reason  string       `json:"reason_code" enum:"identity,age,duplicate,velocity,cool_off,blacklist,device,region,income,risk,other"`
}

// Result is what a rule said of an application.
type Result struct {
	Rule    string       `json:"rule"`
	Verdict card.Verdict `json:"verdict" enum:"pass,refer,decline"`
	Failed  bool         `json:"failed,omitempty" doc:"It could not be evaluated: a person looks"`
}

// program is a version ready to be evaluated.
type program struct {
	rules []Rule
	code  []*vm.Program
	reads [][]string // the inputs that each rule looks at, by their paths
}

// compile checks rules and makes them ready. Errors: 422 with the fields named,
// rules[i].id for a double and rules[i].when, with line and column, for an
// expression that can't be.
func compile(rules []Rule) (*program, error) {
	bad := fault.New(fault.Invalid, "validation")
	p := &program{rules: rules}
	ids := map[string]bool{}
	for i, r := range rules {
		if ids[r.ID] {
			bad.With(fmt.Sprintf("rules[%d].id", i), "field.duplicate")
		}
		ids[r.ID] = true
		code, reads, err := compileOne(r.When)
		var at *file.Error
		switch {
		case errors.As(err, &at):
			bad.With(fmt.Sprintf("rules[%d].when", i), "screening.expression", r.ID, at.Line, at.Column+1, at.Message)
		case err != nil:
			bad.With(fmt.Sprintf("rules[%d].when", i), "screening.expression", r.ID, 1, 1, err.Error())
		}
		p.code, p.reads = append(p.code, code), append(p.reads, reads)
	}
	if len(bad.Fields) > 0 {
		return nil, bad
	}
	return p, nil
}

func compileOne(when string) (*vm.Program, []string, error) {
	tree, err := parser.Parse(when)
	if err != nil {
		return nil, nil, err
	}
	// Before the compiler sees it: it would fold a range of constants.
	look := &looker{}
	ast.Walk(&tree.Node, look)
	if look.bad != nil {
		return nil, nil, (&file.Error{Location: (*look.bad).Location(), Message: look.why}).Bind(tree.Source)
	}
	code, err := expr.Compile(when, expr.Env(Input{}), expr.AsBool(), expr.MaxNodes(maxNodes), expr.DisableAllBuiltins())
	return code, look.reads, err
}

// looker refuses what could loop, call or depend on anything but the input, and
// notes what is looked at.
type looker struct {
	reads []string
	bad   *ast.Node
	why   string
}

// Visit is called from the leaves up.
func (l *looker) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		l.read(n.Value)
		if n.Value == "$env" {
			l.refuse(node, "$env is not an input")
		}
	case *ast.MemberNode:
		of, isName := n.Node.(*ast.IdentifierNode)
		name, isText := n.Property.(*ast.StringNode)
		if !isName || !isText || n.Optional {
			l.refuse(node, "only inputs have members")
			return
		}
		l.reads = slices.DeleteFunc(l.reads, func(s string) bool { return s == of.Value })
		l.read(of.Value + "." + name.Value)
	case *ast.BinaryNode:
		if n.Operator == ".." {
			l.refuse(node, "ranges are not allowed; compare instead")
		}
	case *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode, *ast.StringNode, *ast.ArrayNode, *ast.UnaryNode, *ast.ConditionalNode, *ast.ConstantNode:
	default:
		l.refuse(node, "only comparisons, arithmetic, and, or, not, in, contains, startsWith, endsWith and matches are allowed")
	}
}

func (l *looker) read(path string) {
	if !slices.Contains(l.reads, path) {
		l.reads = append(l.reads, path)
	}
}

func (l *looker) refuse(node *ast.Node, why string) {
	if l.bad == nil {
		l.bad, l.why = node, why
	}
}

// evaluate asks every rule. It is pure: the same input gives the same results.
func (p *program) evaluate(in Input) (card.Verdict, []Result) {
	machine := vm.VM{MemoryBudget: memory}
	worst, results := card.Pass, make([]Result, len(p.rules))
	for i, r := range p.rules {
		results[i] = Result{Rule: r.ID, Verdict: card.Pass}
		said, err := machine.Run(p.code[i], in)
		yes, isBool := said.(bool)
		switch {
		case err != nil || !isBool:
			results[i].Verdict, results[i].Failed = card.Refer, true
		case yes:
			results[i].Verdict = r.Verdict
		}
		if results[i].Verdict.Worse(worst) {
			worst = results[i].Verdict
		}
	}
	return worst, results
}

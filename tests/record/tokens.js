// What VS Code's own tokenizer makes of tests/data/textmate_program.txt by the TextMate grammar: tests/data/textmate_tokens.txt.
//
//     npm install --prefix /tmp/tokens vscode-textmate vscode-oniguruma
//     NODE_PATH=/tmp/tokens/node_modules node tests/record/tokens.js > tests/data/textmate_tokens.txt
//
// A line for each token: its line and column, from 1 and 0, its text, its scopes from the outside in.
const fs = require("fs"), path = require("path");
const textmate = require("vscode-textmate"), oniguruma = require("vscode-oniguruma");
const root = path.join(__dirname, "..", "..");
const read = (...parts) => fs.readFileSync(path.join(root, ...parts), "utf8");

(async () => {
  const wasm = path.join(path.dirname(require.resolve("vscode-oniguruma")), "onig.wasm");
  await oniguruma.loadWASM(fs.readFileSync(wasm).buffer);
  const registry = new textmate.Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (sources) => new oniguruma.OnigScanner(sources),
      createOnigString: (text) => new oniguruma.OnigString(text),
    }),
    loadGrammar: async () => textmate.parseRawGrammar(read("grammar", "gradsh.tmLanguage.json"), "grammar.json"),
  });
  const grammar = await registry.loadGrammar("source.gradsh");
  let state = textmate.INITIAL;
  read("tests", "data", "textmate_program.txt").split("\n").forEach((line, number) => {
    const found = grammar.tokenizeLine(line, state);
    state = found.ruleStack;
    for (const token of found.tokens) {
      const text = line.slice(token.startIndex, token.endIndex).trim();
      const scopes = token.scopes.slice(1).map((scope) => scope.replace(/\.gradsh$/, "")).join(" ");
      if (text && scopes) console.log([`${number + 1}:${token.startIndex}`, text, scopes].join("\t"));
    }
  });
})();

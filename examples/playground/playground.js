// The playground: an editor, what the program prints, its graph, and what backward does step by step.
// `start` is handed what it needs of the world, so that it runs in a browser and under a test.

const ASKED = { graph: (name) => `graph ${name}`, explain: (name) => `explain ${name}` };

// Files with Python packages, unpacked where Python finds them: the tags in their names do not matter here.
export async function install(pyodide, wheels, read) {
  for (const wheel of wheels) {
    pyodide.unpackArchive(await read(`wheels/${wheel}`), "wheel");
  }
  pyodide.FS.writeFile("page.py", new TextDecoder().decode(await read("page.py")));
  return pyodide.pyimport("page");
}

// `page` is the module page.py, `view` the elements by name.
export function start(page, view, later = setTimeout) {
  let waiting = 0;

  function show(result) {
    view.output.textContent = result.text;
    view.output.className = result.ok ? "" : "failed";
    view.picture.innerHTML = result.pictures.join("");
    const chosen = view.tensor.value;
    view.tensor.replaceChildren(...result.tensors.map(view.option));
    if (result.tensors.length) {
      view.tensor.value = result.tensors.includes(chosen) ? chosen : result.tensors.at(-1);
    }
  }

  function run(more = "") {
    show(JSON.parse(page.run(view.editor.value, more)));
  }

  function ask(word) {
    if (view.tensor.value) run(ASKED[word](view.tensor.value));
  }

  view.run.onclick = () => run();
  view.graph.onclick = () => ask("graph");
  view.explain.onclick = () => ask("explain");
  view.format.onclick = () => { view.editor.value = page.formatted(view.editor.value); };
  view.editor.oninput = () => {
    const mine = ++waiting;
    later(() => { if (mine === waiting) view.problems.textContent = page.check(view.editor.value); }, 300);
  };
  view.editor.onkeydown = (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); run(); }
  };
  return { run, ask };
}

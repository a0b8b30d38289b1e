import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Methods of boto3 that stand for several operations. */
const transfers: Readonly<Record<string, readonly string[]>> = {
  UploadFile: ['PutObject', 'CreateMultipartUpload', 'CompleteMultipartUpload', 'AbortMultipartUpload'],
  DownloadFile: ['HeadObject', 'GetObject'],
};

/** Finds the methods that are called on `boto3.client(…)`, on names it is assigned to, and on functions that return it. */
const program = `
import ast, json, pathlib, sys

def service_of(node):
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "boto3.client":
        return node.args[0].value
    return None

calls, lost = [], []
files = [f for f in pathlib.Path(sys.argv[1]).rglob("*.py") if "tests" not in f.parts]
trees = {f: ast.parse(f.read_text()) for f in files}
factories = {}
for file, tree in trees.items():
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Return) and service_of(inner.value):
                    factories[(file.stem, node.name)] = service_of(inner.value)
for file, tree in trees.items():
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and service_of(node.value):
            names[ast.unparse(node.targets[0])] = service_of(node.value)
    def service(node):
        if service_of(node):
            return service_of(node)
        if isinstance(node, ast.Call):
            path = ast.unparse(node.func).split(".")
            return factories.get((file.stem, path[0])) if len(path) == 1 else factories.get((path[-2], path[-1]))
        return names.get(ast.unparse(node))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            found = service(node.func.value)
            if found:
                paged = node.func.attr == "get_paginator"
                calls.append([found, node.args[0].value if paged else node.func.attr])
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "boto3" and node.attr != "client":
            lost.append(f"{file.name}: {ast.unparse(node)}")
json.dump({"calls": calls, "lost": lost}, sys.stdout)
`;

/**
 * The AWS operations that Python files below a folder call through boto3, tests left out, as `<service>.<operation>`.
 * @throws Error for a use of boto3 that does not tell
 */
export async function boto3Calls(folder: string): Promise<string[]> {
  const { stdout } = await run('python3', ['-c', program, folder]);
  const { calls, lost } = JSON.parse(stdout) as { calls: [string, string][]; lost: string[] };
  if (lost.length > 0) throw new Error(`What these call cannot be told: ${lost.join(', ')}`);
  return calls.flatMap(([service, method]) => {
    const operation = method.replace(/(?:^|_)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
    return (transfers[operation] ?? [operation]).map((one) => `${service}.${one}`);
  });
}

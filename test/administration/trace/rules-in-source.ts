// Reads every rule that the source can decide by: `rule:` members, and arguments for parameters called `rule`.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseSync } from 'oxc-parser'

export interface Node {
  readonly type: string
  readonly [member: string]: unknown
}

export interface RulesInSource {
  readonly files: number
  readonly rules: ReadonlyMap<string, string>
  /** Rules made of a part that varies: `${name}_unsupported`. */
  readonly patterns: readonly RegExp[]
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}

function childrenOf(node: Node): readonly Node[] {
  return Object.values(node).flat().filter(isNode)
}

export function* walk(node: Node): Generator<Node> {
  yield node
  for (const child of childrenOf(node)) yield* walk(child)
}

export function nameOf(value: unknown): string | undefined {
  return isNode(value) && value.type === 'Identifier' && typeof value['name'] === 'string' ? value['name'] : undefined
}

function parametersOf(node: unknown): readonly Node[] {
  if (!isNode(node) || !Array.isArray(node['params'])) return []
  return node['params']
    .filter(isNode)
    .map((each) => (each.type === 'AssignmentPattern' && isNode(each['left']) ? each['left'] : each))
}

/** Functions of a file that take a `rule`, by name, with its place. */
function takersOf(nodes: readonly Node[]): ReadonlyMap<string, number> {
  const takers = new Map<string, number>()
  for (const node of nodes) {
    const made = node.type === 'VariableDeclarator' ? node['init'] : node
    const place = parametersOf(made).findIndex((each) => nameOf(each) === 'rule')
    const name = nameOf(node['id'])
    if (place !== -1 && name !== undefined) takers.set(name, place)
  }
  return takers
}

function typescriptFiles(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, file))
}

export function rulesInSource(root: string, folders: readonly string[]): RulesInSource {
  const rules = new Map<string, string>()
  const patterns: RegExp[] = []
  const parsed = folders
    .flatMap((folder) => typescriptFiles(join(root, folder)))
    .map((file) => {
      const program: unknown = parseSync(file, readFileSync(file, 'utf8')).program
      if (!isNode(program)) throw new Error(`${file} cannot be parsed`)
      const nodes = [...walk(program)]
      return { file, nodes, takers: takersOf(nodes) }
    })
  const exported = new Map(parsed.flatMap(({ takers }) => [...takers]))

  for (const { file, nodes, takers } of parsed) {
    /** What an expression may be worth: literals of both branches, or the literal types of a variable or its alias. */
    const collect = (value: unknown): void => {
      if (!isNode(value)) return
      if (value.type === 'Literal' && typeof value['value'] === 'string') rules.set(value['value'], file)
      if (value.type === 'TSAsExpression') collect(value['expression'])
      if (value.type === 'ConditionalExpression') {
        collect(value['consequent'])
        collect(value['alternate'])
      }
      if (value.type === 'TemplateLiteral' && Array.isArray(value['quasis'])) {
        const fixed = value['quasis'].map((each: { value: { cooked: string } }) => each.value.cooked)
        patterns.push(new RegExp(`^${fixed.join('[a-z_]+')}$`))
      }
      const name = nameOf(value)
      if (name === undefined || name === 'rule') return
      for (const node of nodes) {
        if (nameOf(node) !== name || !isNode(node['typeAnnotation'])) continue
        for (const each of walk(node['typeAnnotation'])) if (each.type === 'TSLiteralType') collect(each['literal'])
      }
    }
    for (const node of nodes) {
      if (node.type === 'Property' && nameOf(node['key']) === 'rule') collect(node['value'])
      if (node.type === 'VariableDeclarator' && nameOf(node['id']) === 'rule') collect(node['init'])
      const place = node.type === 'CallExpression' ? nameOf(node['callee']) : undefined
      const at = place === undefined ? undefined : (takers.get(place) ?? exported.get(place))
      if (at !== undefined && Array.isArray(node['arguments'])) collect(node['arguments'][at])
    }
  }
  return { files: parsed.length, rules, patterns }
}

/** The literals of a union type that the source declares by this name. */
export function unionInSource(file: string, name: string): readonly string[] {
  const program: unknown = parseSync(file, readFileSync(file, 'utf8')).program
  if (!isNode(program)) throw new Error(`${file} cannot be parsed`)
  const declared = [...walk(program)].find(
    (each) => each.type === 'TSTypeAliasDeclaration' && nameOf(each['id']) === name,
  )
  if (declared === undefined) throw new Error(`${file} declares no type ${name}`)
  return [...walk(declared)]
    .filter((each) => each.type === 'TSLiteralType' && isNode(each['literal']))
    .map((each) => String((each['literal'] as Node)['value']))
}

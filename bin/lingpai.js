#!/usr/bin/env node
// The command `lingpai`, written so that every old Node can read it: looks whether this Node is new enough, else runs
// the one that a checkout brings along, and then loads the real thing.

'use strict'

var childProcess = require('child_process')
var fs = require('fs')
var path = require('path')

var root = path.join(__dirname, '..')

function isNewEnough(version) {
  var parts = version.split('.')
  var major = Number(parts[0])
  return major > 24 || (major === 24 && Number(parts[1]) >= 15)
}

if (isNewEnough(process.versions.node)) {
  endWithWrapper()
  if (!process.send) endWithNpm()
  load()
} else {
  runBundledNode()
}

function load() {
  var published = path.join(root, 'dist', 'main.js')
  var isPublished = fs.existsSync(published) && !fs.existsSync(path.join(root, 'src'))
  var main = isPublished ? published : path.join(root, 'src', 'main.ts')
  require('./load.js')(require('url').pathToFileURL(main).href).catch(function (error) {
    console.error(error && error.stack ? error.stack : error)
    process.exitCode = 1
  })
}

/** A wrapper that was killed can forward nothing; its channel closes, and what it started ends too. */
function endWithWrapper() {
  if (!process.send) return
  process.on('disconnect', function () {
    process.kill(process.pid, 'SIGTERM')
  })
  // The channel alone must not keep a finished command from ending.
  if (process.channel) process.channel.unref()
}

/**
 * npm starts commands through a shell, hands SIGTERM to that shell alone, and the shell dies of it without telling anybody.
 * What shows it is that this process gets another parent. Elsewhere a parent may well end first: nohup, a daemon.
 */
function endWithNpm() {
  var isByNpm = process.env.npm_command === 'exec' || process.env.npm_command === 'start'
  if (!isByNpm || process.platform === 'win32') return
  var shell = process.ppid
  var look = setInterval(function () {
    if (process.ppid === shell) return
    clearInterval(look)
    process.kill(process.pid, 'SIGTERM')
  }, 250)
  // A command that has finished ends.
  look.unref()
}

function runBundledNode() {
  var node = path.join(root, 'node_modules', 'node-linux-' + process.arch, 'bin', 'node')
  if (process.platform !== 'linux' || !fs.existsSync(node)) {
    refuse()
    return
  }
  var child = childProcess.spawn(node, memoryFlags().concat(__filename, process.argv.slice(2)), {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  })
  // Alpine and others without glibc have the file and cannot run it.
  child.on('error', refuse)
  var forward = function (signal) {
    process.on(signal, function () {
      // A terminal sends Ctrl-C and Ctrl-\ to both of us; a second one would end a server that is closing.
      var fromTerminal = process.stdin.isTTY && (signal === 'SIGINT' || signal === 'SIGQUIT')
      if (!fromTerminal) child.kill(signal)
    })
  }
  ;['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'].forEach(forward)
  endWithNpm()
  child.on('exit', function (code, signal) {
    if (signal === null) {
      process.exit(code)
      return
    }
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}

// As npm start does: V8's young generation would grow to 128 MiB, and nothing is faster by more than 16; and threads that
// compile keep what they took from malloc. Flags can only be given when Node is started, and are stronger than
// NODE_OPTIONS, where an operator may have decided otherwise.
function memoryFlags() {
  var young = /semi[-_]space/.test(process.env.NODE_OPTIONS || '') ? [] : ['--max-semi-space-size=4']
  return young.concat('--no-concurrent-recompilation')
}

function refuse() {
  var mayBringOne = process.platform === 'linux' && (process.arch === 'x64' || process.arch === 'arm64')
  var isCheckout = fs.existsSync(path.join(root, 'src')) && !fs.existsSync(path.join(root, 'node_modules'))
  var advice =
    mayBringOne && isCheckout
      ? [
          'Run "npm ci" here first: it brings the right one. Or install it from https://nodejs.org/',
          '请先在此目录运行“npm ci”，它会带来合适的版本；也可以从 https://nodejs.org/ 安装。',
        ]
      : [
          'Install it from https://nodejs.org/ (the version marked LTS) and run the command again.',
          '请从 https://nodejs.org/ 安装（标有 LTS 的版本），然后重新运行命令。',
        ]
  var needs = isChinese()
    ? 'Lingpai 令牌需要 Node.js 24.15 或更新版本，当前是 ' + process.versions.node + '。' + advice[1]
    : 'Lingpai needs Node.js 24.15 or newer, and this is ' + process.versions.node + '. ' + advice[0]
  console.error(needs)
  process.exit(1)
}

// As src/options/terminal.ts, which this Node cannot read.
function isChinese() {
  var env = process.env
  if (env.LINGPAI_LANGUAGE === 'zh-CN' || env.LINGPAI_LANGUAGE === 'en') return env.LINGPAI_LANGUAGE === 'zh-CN'
  var locale = env.LC_ALL || env.LC_MESSAGES || env.LANG
  if (locale) return /^zh([_-][^.@]*)?(\.utf-?8)?(@.*)?$/i.test(locale)
  if (process.platform !== 'win32' && process.platform !== 'darwin') return false
  return typeof Intl === 'object' && /^zh\b/i.test(Intl.DateTimeFormat().resolvedOptions().locale)
}

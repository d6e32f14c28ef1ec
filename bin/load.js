// Only read by a Node that knows import(): older ones would not even parse it.

module.exports = (url) => import(url)

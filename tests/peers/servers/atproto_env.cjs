// An AT Protocol network on loopback: PLC directory and PDS; with DB_POSTGRES_URL the AppView, too.
// Takes {pds: {port, ...}, plc: {...}, bsky: {...}, ozone: {...}, control} as JSON in argv[2]. Prints
// one line of JSON when it serves. Ends on SIGTERM and when whoever started it closes its stdin.
const dev = require('@atproto/dev-env')

async function main() {
  const wanted = JSON.parse(process.argv[2])
  const pds = { hostname: 'localhost', enableDidDocWithSession: true, ...wanted.pds }
  const net = process.env.DB_POSTGRES_URL
    ? await dev.TestNetwork.create({
        plc: wanted.plc,
        pds,
        bsky: { ...wanted.bsky, publicUrl: `http://localhost:${wanted.bsky.port}` },
        ozone: { ...wanted.ozone, chatUrl: 'http://localhost:1', chatDid: 'did:example:chat' },
      })
    : await dev.TestNetworkNoAppView.create({ plc: wanted.plc, pds })
  // Waits until the AppView has taken up whatever the PDS has.
  require('node:http')
    .createServer((_query, answer) =>
      net.processAll().then(
        () => answer.end('settled'),
        (error) => answer.writeHead(500).end(String(error)),
      ),
    )
    .listen(wanted.control, '127.0.0.1')
  console.log(JSON.stringify({ ready: true, pds: net.pds.url, appview: net.bsky?.url ?? '' }))
  // Nothing is kept, so nothing needs to be closed in good order (which takes ten seconds).
  const stop = () => process.exit(0)
  process.on('SIGTERM', stop)
  process.stdin.on('end', stop).resume()
}

main().catch((error) => {
  console.error(error)
  process.exit(1)
})

"""Pages of the room: a firm's board, flows, points, findings, forecast, advice and ledgers."""

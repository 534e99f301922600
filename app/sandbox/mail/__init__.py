"""Mail of the sandbox: a mailbox for every address, Gmail's API for one of them, and a page to read and answer in."""

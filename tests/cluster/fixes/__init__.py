"""Charts as strangers write them, each with a value that is not what its blueprint says: is it mended by the row alone?"""

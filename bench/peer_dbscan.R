# SPDX-License-Identifier: BSD-3-Clause
# R's dbscan as a peer: Rscript peer_dbscan.R ROWS.f32 n p eps min_samples. Obeys the same lines as the programs of
# bench/. It knows Euclidean distance: on unit rows |u - v|^2 = 2 (1 - cos), so eps becomes sqrt(2 eps). One thread.
suppressMessages(library(dbscan))
a <- commandArgs(TRUE)
n <- as.integer(a[2]); p <- as.integer(a[3]); eps <- sqrt(2 * as.numeric(a[4])); m <- as.integer(a[5])
file <- file(a[1], "rb"); rows <- matrix(readBin(file, "numeric", n * p, size = 4), n, p, byrow = TRUE); close(file)
resident <- function(key) {
    line <- grep(key, readLines("/proc/self/status"), value = TRUE)
    1024 * as.numeric(gsub("[^0-9]", "", line))
}
cat("{}\n")
input <- file("stdin", "r"); memory <- NA
while (length(line <- readLines(input, 1))) {
    if (startsWith(line, "labels ")) {
        # int64, little-endian: the low word and the sign
        label <- rbind(r$cluster - 1L, ifelse(r$cluster == 0, -1L, 0L))
        writeBin(as.integer(label), substring(line, 8), size = 4, endian = "little")
        cat("{}\n")
    } else {
        if (is.na(memory)) {
            try(cat("5\n", file = "/proc/self/clear_refs"), silent = TRUE)
            before <- resident("VmRSS")
        }
        t <- system.time({
            x <- sweep(rows, 2, colMeans(rows))
            x <- x / sqrt(rowSums(x^2))
            r <- dbscan(x, eps = eps, minPts = m)
        })
        if (is.na(memory)) memory <- resident("VmHWM") - before
        cat(sprintf('{"cpu": %.4f, "wall": %.4f, "memory": %.0f, "clusters": %d, "noise": %d}\n',
                    t[1] + t[2], t[3], memory, max(r$cluster), sum(r$cluster == 0)))
    }
}

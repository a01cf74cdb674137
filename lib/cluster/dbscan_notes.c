/* SPDX-License-Identifier: BSD-3-Clause
 * Notes: the possible neighbours of a few samples, kept from the step that found them for those that need them again,
 * instead of asking for all verdicts twice. A sample with more of them than there is room is "full": its notes are
 * worthless, and it is compared with all others again.
 */
#include "cluster/dbscan.h"

enum { SPARE = 8, MOST_ROOM = 1 << 10, BYTES_A_SAMPLE = 8, BYTES_AT_LEAST = 4 << 20 };

static int64_t samples_at_most(int64_t n, int64_t room)
{
    return (BYTES_A_SAMPLE * n + BYTES_AT_LEAST) / (4 * room + 4);
}

bool grasp__notes_fit(int64_t n, int64_t samples, int64_t neighbours)
{
    const int64_t room = neighbours < MOST_ROOM ? neighbours + SPARE : MOST_ROOM;
    return n <= INT32_MAX && neighbours < MOST_ROOM &&
           samples <= samples_at_most(n, room);
}

grasp_status grasp__notes_create(grasp_context *ctx, int64_t n, const int64_t *sample, int64_t samples,
                                 int64_t neighbours, grasp__notes **out)
{
    grasp__notes *notes;
    grasp_status s = grasp__alloc_zero(ctx, 1, sizeof *notes, &notes);
    *out = NULL;
    if (s != GRASP_OK)
        return s;
    notes->room = neighbours + SPARE;
    if ((s = grasp__alloc(ctx, n, sizeof *notes->slot, &notes->slot)) != GRASP_OK ||
        (s = grasp__alloc_zero(ctx, samples, sizeof *notes->count, &notes->count)) != GRASP_OK ||
        (s = grasp__alloc(ctx, samples, (size_t)notes->room * sizeof *notes->note, &notes->note)) != GRASP_OK) {
        grasp__notes_free(notes);
        return s;
    }
    for (int64_t i = 0; i < n; i++)
        notes->slot[i] = -1;
    for (int64_t a = 0; a < samples; a++)
        notes->slot[sample[a]] = (int32_t)a;
    *out = notes;
    return GRASP_OK;
}

uint64_t grasp__notes_price(int64_t n, int64_t neighbours)
{
    uint64_t sum = grasp__price(1, sizeof(grasp__notes));
    if (!grasp__notes_fit(n, 0, neighbours))
        return 0;
    const int64_t room = neighbours + SPARE, most = samples_at_most(n, room), samples = most < n ? most : n;
    grasp__price_add(&sum, n, sizeof(int32_t));
    grasp__price_add(&sum, samples, sizeof(int32_t));
    grasp__price_add(&sum, samples, (size_t)room * sizeof(grasp__note));
    return sum;
}

void grasp__notes_free(grasp__notes *notes)
{
    if (!notes)
        return;
    grasp__free(notes->slot);
    grasp__free(notes->count);
    grasp__free(notes->note);
    grasp__free(notes);
}

void grasp__notes_add(grasp__notes *notes, int64_t i, int64_t j, bool undecided)
{
    const int64_t slot = notes->slot[i];
    int32_t *count = &notes->count[slot];
    if (*count < notes->room)
        notes->note[slot * notes->room + *count] = (grasp__note){.sample = (uint32_t)j, .undecided = undecided};
    if (*count <= notes->room)
        ++*count;
}

bool grasp__notes_complete(const grasp__notes *notes, int64_t i)
{
    return notes && notes->slot[i] >= 0 && notes->count[notes->slot[i]] <= notes->room;
}

grasp__note *grasp__notes_of(const grasp__notes *notes, int64_t i, int64_t *count)
{
    *count = notes->count[notes->slot[i]];
    return notes->note + notes->slot[i] * notes->room;
}

/* SPDX-License-Identifier: BSD-3-Clause
 * What the paper prints, where it is known to us: to be shown beside what is computed, and for nothing else.
 */
#include "paper.h"

#include <string.h>

const reported_cell reported[] = {
    {"table2.synthetic.clean.feature.kmeans", 0.5505},
    {"table2.synthetic.clean.feature.dbscan_euclidean", 0.5923},
    {"table2.synthetic.clean.feature.dbscan_cosine", 0.5133},
    {"table2.synthetic.clean.gradient.kmeans", 0.8409},
    {"table2.synthetic.clean.gradient.dbscan_euclidean", 0.7724},
    {"table2.synthetic.clean.gradient.dbscan_cosine", 0.6943},
    {"table2.synthetic.contaminated.feature.kmeans", 0.3631},
    {"table2.synthetic.contaminated.feature.dbscan_euclidean", 0.6042},
    {"table2.synthetic.contaminated.feature.dbscan_cosine", 0.4946},
    {"table2.synthetic.contaminated.gradient.kmeans", 0.6436},
    {"table2.synthetic.contaminated.gradient.dbscan_euclidean", 0.7237},
    {"table2.synthetic.contaminated.gradient.dbscan_cosine", 0.6944},
    {"table3.synthetic.clean.eiil", -0.0069},
    {"table3.synthetic.clean.george_feature", 0.6027},
    {"table3.synthetic.clean.feasp", 0.5133},
    {"table3.synthetic.clean.grasp", 0.6943},
    {"table3.synthetic.contaminated.eiil", -0.0043},
    {"table3.synthetic.contaminated.george_feature", 0.4565},
    {"table3.synthetic.contaminated.feasp", 0.4946},
    {"table3.synthetic.contaminated.grasp", 0.6944},
    {"table3.compas.clean.feasp", 0.2956},
    {"table4.synthetic.clean.erm", 0.5333},
    {"table4.synthetic.clean.grasp", 0.8},
    {"table4.compas.clean.erm", 0.4706},
    {"table4.compas.clean.eiil", 0.0588},
    {"table4.compas.clean.grasp", 0.4743},
    {"table5.synthetic.clean.feasp.fixed", 0.5189},
    {"table5.synthetic.contaminated.feasp.oracle", 0.5276},
    {"table5.synthetic.clean.grasp.oracle", 0.7497},
    {"table5.synthetic.contaminated.grasp.oracle", 0.7241},
};
const int n_reported = sizeof reported / sizeof *reported;

double reported_value(const char *name, double otherwise)
{
    for (int i = 0; i < n_reported; i++)
        if (!strcmp(reported[i].name, name))
            return reported[i].value;
    return otherwise;
}

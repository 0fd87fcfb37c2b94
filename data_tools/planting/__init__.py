"""Known defects planted into a sound data set, with a truth file, so that curation can be measured."""

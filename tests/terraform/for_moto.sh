#!/usr/bin/env bash
# A copy of infra/terraform that applies to moto instead of AWS:
#   tests/terraform/for_moto.sh FOLDER URL [PACKAGES]
# FOLDER is made, and ready for `terraform -chdir=FOLDER apply -auto-approve`, then plan,
# output, destroy. URL is where tests/terraform/moto_server.py listens, as
# http://127.0.0.1:PORT. PACKAGES is a folder of <function>.zip; without it there are packages
# that do nothing, which is enough where nobody runs them. All that makes it moto's is put
# beside the product's files: nothing in those knows of it.
set -Eeuo pipefail

folder=${1:?name the folder to make} url=${2:?name the URL of moto} packages=${3:-}
product=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../infra/terraform" && pwd -P)
[[ ! -e $folder ]] || { echo "$folder is there already" >&2 && exit 1; }

mkdir -p "$folder"
cp -r "$product"/*.tf "$product/modules" "$folder"
rm -f "$folder"/backend*.tf

if [[ -z $packages ]]; then
    packages="$(cd "$folder" && pwd -P)/packages"
    mkdir "$packages"
    python3 - "$packages" "$product"/../../functions/*/ <<'PYTHON'
import pathlib, sys, zipfile

packages, *functions = map(pathlib.Path, sys.argv[1:])
for function in functions:
    with zipfile.ZipFile(packages / f"{function.name}.zip", "w") as package:
        package.writestr(zipfile.ZipInfo("bootstrap"), "#!/bin/sh\n")
PYTHON
else
    packages=$(cd "$packages" && pwd -P)
fi

{
    cat <<'HCL'
provider "aws" {
  access_key                  = "test"
  secret_key                  = "test"
  max_retries                 = 2
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true

  endpoints {
HCL
    for service in acm apigatewayv2 budgets cloudwatch cloudwatchevents cloudwatchlogs \
        dynamodb iam lambda scheduler sesv2 sns sqs ssm sts; do
        printf '    %s = "%s"\n' "$service" "$url"
    done
    printf '  }\n}\n'
} >"$folder/moto_override.tf"

cat >"$folder/moto.auto.tfvars" <<HCL
region              = "eu-central-1"
alarm_email         = "owner@corner-bakery.example"
packages            = "$packages"
architecture        = "x86_64"
mail_events         = false
deletion_protection = false

shops = {
  corner-bakery = {
    mail_domain = "corner-bakery.example"
    link_domain = "points.corner-bakery.example"
    shopify     = "corner-bakery.myshopify.com"
  }
}
HCL

terraform -chdir="$folder" init -input=false -no-color >"$folder/init.log" || {
    cat "$folder/init.log" >&2
    exit 1
}

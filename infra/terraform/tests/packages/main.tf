# A file in the place of each function's package, for tests that never run them. Every
# folder of functions/ has one, so that a function that is missing in functions.tf is seen.
locals {
  functions = toset([for manifest in fileset("${path.module}/../../../../functions", "*/Cargo.toml") : dirname(manifest)])
}

resource "terraform_data" "package" {
  for_each = local.functions

  provisioner "local-exec" {
    command = "mkdir -p '${path.module}/zips' && printf none >'${path.module}/zips/${each.key}.zip'"
  }
}

output "folder" {
  description = "The folder with the packages."
  value       = "${path.module}/zips"
  depends_on  = [terraform_data.package]
}

output "functions" {
  description = "The functions that there are."
  value       = local.functions
}
